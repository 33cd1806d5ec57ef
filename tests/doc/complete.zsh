#!/usr/bin/zsh -f
# complete.zsh FOLDER LINE: what an interactive zsh offers at the end of LINE by the functions in FOLDER, a word a line.
zmodload zsh/zpty
typeset dir offers seen
dir=$(mktemp -d) || exit 1
offers=$dir/offers
: >$offers

# Every offer goes through compadd. What only filters, by an array of its own, is left to itself.
cat >$dir/begin <<BEGIN
PROMPT= RPROMPT=
fpath=(${(q)1} \$fpath)
autoload -Uz compinit && compinit -u -D
zstyle ':completion:*' completer _complete
compadd() {
    if [[ " \${(j: :)@[1,(i)(-|--)]} " == *' -'[OAD]' '* ]]; then
        builtin compadd "\$@"
        return
    fi
    local -a hits
    builtin compadd -A hits "\$@"
    (( \$#hits )) && print -rl -- \$hits >>${(q)offers}
    builtin compadd "\$@"
}
say-done() { print -r "the end"": of it" }
zle -N say-done
bindkey '^I' complete-word
bindkey '^Xd' say-done
print -r "the begin""ning: of it"
BEGIN
# Not by a trap at the end: the shell that zpty starts would fall into it too.
{
    zpty shell zsh -f -i
    zpty -w shell "source $dir/begin"
    zpty -r shell seen '*the beginning: of it*' || exit 1
    zpty -w -n shell "$2"$'\t\x18d'
    zpty -r shell seen '*the end: of it*' || exit 1
    zpty -d shell
    sort -u $offers
} always {
    rm -rf $dir
}
