# Asks a run to stop before its next change. Needs STATE, RUN, BY. A run looks for this file between two changes.
DIR=$STATE/runs/$RUN
cancel() {
  if [ ! -e "$DIR/journal" ]; then
    printf 'GONE\n'
    return
  fi
  printf '%s\n' "$BY" >"$DIR/.cancel.$$" && mv -f -T "$DIR/.cancel.$$" "$DIR/cancel" && printf 'ASKED\n'
}
cancel
