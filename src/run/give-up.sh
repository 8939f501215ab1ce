# Takes the name of a run that is not to begin on this host, so that it cannot be laid down any more by whoever is late with it.
# Needs STATE, RUN, NONCE. A run that began has a script.
DIR=$STATE/runs/$RUN
NEW=$STATE/runs/.new-$RUN.$$
write_journal() {
  printf '\n@@%s LAID %s\n' "$NONCE" "$(date -u +%FT%TZ)"
  printf '\n@@%s FINISHED refused RUN_REFUSED it had been given up on this host before it began\n' "$NONCE"
}

give_up() {
  mkdir -p -- "$STATE/runs" || return
  if [ ! -e "$DIR" ]; then
    mkdir -- "$NEW" && : >"$NEW/alive" && write_journal >"$NEW/journal" && sync "$NEW/journal" "$NEW" || {
      rm -rf -- "$NEW"
      return 1
    }
    # By one rename: of two that come at once, one finds the name taken.
    mv -T -- "$NEW" "$DIR" 2>/dev/null || rm -rf -- "$NEW"
    sync "$STATE/runs"
  fi
  if [ -e "$DIR/script" ]; then
    printf 'BEGUN\n'
  elif [ -e "$DIR/journal" ]; then
    printf 'GIVEN-UP\n'
  fi
}

# What keeps it from being given up is part of what is said.
exec 2>&1
give_up
