# Guarded changes: what they touch is saved, and the host undoes them unless somebody confirms over a new connection.
# Needs STATE, RUN, NONCE. GUARD holds: `armed` while it may come to that, `awaiting`, `until`, `decision`, and what was saved.

GUARD=$STATE/runs/$RUN/guard
UNDO=$STATE/runs/$RUN/undo
UNDO_UNIT=ashore-undo-$RUN
# Read at the next boot: a transient timer does not outlive this one.
BOOT_UNIT=/etc/systemd/system/$UNDO_UNIT-boot.service
BOOT_WANTED=/etc/systemd/system/multi-user.target.wants/$UNDO_UNIT-boot.service

# decide WORD: whether this is what was decided. A link is made once, whole, and by one process only. The words were laid down
# before, lest a full disk decide.
decide() {
  ln -T -- "$GUARD/.$1" "$GUARD/decision" 2>/dev/null && sync "$GUARD/decision" "$GUARD"
  DECIDED=
  read -r DECIDED <"$GUARD/decision"
  [ "$DECIDED" = "$1" ]
}

# disarm: nothing is to be undone any more, and what was saved, which may be secret, is gone.
disarm() {
  rm -f -- "$GUARD/armed"
  rm -rf -- "$GUARD/saved"
  sync "$GUARD"
  [ -n "$UNIT_OF_SYSTEMD" ] && [ -d /run/systemd/system ] || return 0
  systemctl stop "$UNDO_UNIT.timer" 2>/dev/null
  [ -e "$BOOT_UNIT" ] || return 0
  rm -f -- "$BOOT_UNIT" "$BOOT_WANTED"
  # Whatever reloaded meanwhile has taught systemd of the unit.
  systemctl daemon-reload
}

boot_id() { read -r BOOT_ID </proc/sys/kernel/random/boot_id || BOOT_ID=unknown; }
