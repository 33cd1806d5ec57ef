/* What people are called. */
#include "gen.h"

#define LENGTH(of) (sizeof(of) / sizeof(*(of)))

static const char *const firsts[] = {
    "Ada",   "Amina", "Anna",   "Arjun",  "Ben",    "Bruno", "Carla", "Chen",  "Clara", "Daniel",
    "Diego", "Elena", "Emil",   "Emma",   "Fatima", "Felix", "Grace", "Hana",  "Hugo",  "Ines",
    "Ivan",  "Jane",  "Jonas",  "Julia",  "Kaito",  "Karim", "Laura", "Leo",   "Lina",  "Lucas",
    "Maria", "Marta", "Maya",   "Mehmet", "Mia",    "Nadia", "Nils",  "Noah",  "Olga",  "Omar",
    "Paul",  "Petra", "Priya",  "Rafael", "Rosa",   "Sara",  "Sofia", "Tariq", "Theo",  "Tom",
    "Uma",   "Vera",  "Victor", "Wei",    "Yara",   "Yusuf", "Zoe",   "Zofia",
};
static const char *const lasts[] = {
    "Adeyemi", "Almeida", "Andersson", "Baker",   "Becker",   "Bianchi", "Brown",    "Costa",
    "Dubois",  "Eriksen", "Fernandez", "Fischer", "Garcia",   "Gupta",   "Haddad",   "Hoffmann",
    "Ito",     "Ivanova", "Jansen",    "Johnson", "Kaya",     "Khan",    "Kim",      "Kowalski",
    "Larsen",  "Lopez",   "Martin",    "Mensah",  "Meyer",    "Moreau",  "Nakamura", "Nguyen",
    "Novak",   "Okafor",  "Oliveira",  "Park",    "Patel",    "Petrov",  "Ricci",    "Rossi",
    "Santos",  "Sato",    "Schmidt",   "Silva",   "Singh",    "Smith",   "Suzuki",   "Tanaka",
    "Torres",  "Visser",  "Wang",      "Weber",   "Williams", "Yilmaz",  "Zhang",
};

static void put_lower(const char *word)
{
    char first = (char)(*word | 0x20);
    put(&first, 1);
    put_text(word + 1);
}

void put_person(uint64_t user)
{
    const char *first = firsts[below(LENGTH(firsts))], *last = lasts[below(LENGTH(lasts))];
    if (below(8) == 0)
        return;
    put_text(",\"username\":\"");
    put_lower(first);
    put_text(".");
    put_lower(last);
    put_number(user);
    put_text("\",\"name\":\"");
    put_text(first);
    put_text(" ");
    put_text(last);
    put_text("\"");
}
