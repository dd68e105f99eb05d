"""What completes posse's verbs, options and options' words in bash and zsh, from the helps that make_cli_docs.py takes apart."""

BASH = r"""# Completes posse's words in bash. Made %(made_from)s
_posse() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} verb='' position next
  local -A verbs options choices
%(tables)s
  for ((position = 1; position < COMP_CWORD; position++)); do
    next=${verb:+$verb }${COMP_WORDS[position]}
    [[ ${options["$next"]+known} ]] && verb=$next
  done
  local words=''
  if [[ $before == -* && ${choices["$verb $before"]+known} ]]; then
    words=${choices["$verb $before"]}
  elif [[ $word == -* ]]; then
    words=${options["${verb:-posse}"]}
  else
    words=${verbs["${verb:-posse}"]}
  fi
  # Without words of ours, readline completes the names of files.
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}
complete -o default -F _posse posse
"""

ZSH = r"""#compdef posse
# Completes posse's words in zsh. Made %(made_from)s
local verb='' next position
local -A known
known=(%(known)s)
for ((position = 2; position < CURRENT; position++)); do
  next="${verb:+$verb }${words[position]}"
  (( ${+known[$next]} )) && verb=$next
done
local -a verbs options
case "$verb ${words[CURRENT-1]}" in
%(choices)s
esac
case $verb in
%(cases)s
esac
if [[ $PREFIX == -* ]]; then
  _describe -o option options
elif (( ${#verbs} )); then
  _describe verb verbs
else
  _files
fi
"""


def name_of(help_text):
    return " ".join(help_text.verbs) or "posse"


def spellings(help_text):
    return [spelling for entry in help_text.options for spelling in entry.spellings]


def choices_of(helps):
    """("smooth single", "--average", ["median", "mean"]) of every option that takes words of a list."""
    for one in helps:
        for entry in one.options:
            if entry.choices:
                for spelling in entry.spellings:
                    yield " ".join(one.verbs), spelling, entry.choices


def quoted(text):
    return "'" + text.replace("'", "'\\''") + "'"


def bash_completion(helps, made_from):
    lines = []
    for one in helps:
        lines.append("  options[%s]=%s" % (quoted(name_of(one)), quoted(" ".join(spellings(one)))))
        lines.append("  verbs[%s]=%s" % (quoted(name_of(one)), quoted(" ".join(entry.name for entry in one.subverbs))))
    for verb, spelling, words in choices_of(helps):
        lines.append("  choices[%s]=%s" % (quoted(verb + " " + spelling), quoted(" ".join(words))))
    return BASH % {"made_from": made_from, "tables": "\n".join(lines)}


def described(names, says):
    return quoted(names.replace(":", "\\:") + ":" + says)


def zsh_completion(helps, made_from):
    cases, choices = [], []
    for one in helps:
        verbs = " ".join(described(entry.name, entry.says) for entry in one.subverbs)
        options = " ".join(described(spelling, entry.says) for entry in one.options for spelling in entry.spellings)
        cases.append("  %s)\n    verbs=(%s)\n    options=(%s) ;;" % (quoted(" ".join(one.verbs)), verbs, options))
    for verb, spelling, words in choices_of(helps):
        choices.append("  %s) compadd -- %s; return ;;" % (quoted(verb + " " + spelling), " ".join(words)))
    known = " ".join("%s 1" % quoted(" ".join(one.verbs)) for one in helps[1:])
    return ZSH % {"made_from": made_from, "known": known, "choices": "\n".join(choices), "cases": "\n".join(cases)}
