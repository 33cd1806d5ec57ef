#!/bin/bash
# complete.bash FOLDER WORD...: what bash offers for the last word, by the scripts that bash-completion finds for the
# first one in FOLDER/bash-completion/completions, a word a line. The words are as bash splits a line: "--status" "=" "a".
export XDG_DATA_DIRS=$1 BASH_COMPLETION_USER_DIR=/nonexistent
shift
# shellcheck source=/dev/null
. /usr/share/bash-completion/bash_completion
_completion_loader "$1"
# It is for a line that is being edited, which there is none of here.
compopt() { :; }
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*" COMP_TYPE=9 COMP_KEY=9
COMP_LINE=${COMP_LINE// = /=}
COMP_POINT=${#COMP_LINE}
function=$(complete -p "$1" | sed 's/.*-F \([^ ]*\).*/\1/')
"$function" "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
printf '%s\n' "${COMPREPLY[@]}" | sort -u
