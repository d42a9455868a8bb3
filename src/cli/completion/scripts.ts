/** The scripts that shells load to complete commands. All ask `rostrum complete`, which prints `word<TAB>description`. */

// Bash breaks words at colons and would tear `tone:660/200` apart, so the words are read from the line itself.
const bash = `_rostrum() {
  local line
  local -a words
  COMPREPLY=()
  line="\${COMP_LINE:0:COMP_POINT}"
  read -ra words <<< "$line"
  [[ "$line" == *[[:blank:]] ]] && words+=("")
  while IFS= read -r line; do
    COMPREPLY+=("\${line%%$'\\t'*}")
  done < <("\${words[0]}" complete -- "\${words[@]:1}" 2>/dev/null)
}
complete -o default -F _rostrum rostrum
`;

const zsh = `#compdef rostrum
_rostrum() {
  local line
  local -a found shown
  for line in "\${(@f)$("$words[1]" complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    [[ -n "$line" ]] || continue
    found+=("\${line%%$'\\t'*}")
    shown+=("\${line%%$'\\t'*}  \${line#*$'\\t'}")
  done
  if (( $#found )); then compadd -l -d shown -a found; else _files; fi
}
compdef _rostrum rostrum
`;

const fish = `function __rostrum_complete
  set -l words (commandline -opc)
  set -l name $words[1]
  set -e words[1]
  set -l found (command $name complete -- $words (commandline -ct) 2>/dev/null)
  if count $found >/dev/null
    printf '%s\\n' $found
  else
    __fish_complete_path (commandline -ct)
  end
end
complete -c rostrum -f -a '(__rostrum_complete)'
`;

export const COMPLETION_SCRIPTS: Readonly<Record<string, string>> = { bash, zsh, fish };
