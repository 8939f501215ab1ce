# What every run does around its changes. Needs STATE, RUN, WORK, MACHINE, NONCE, LEDGER, HOLDER, BOUNDED_TEXT, DUE_LINES,
# HELD_LINES, OVERDUE.
# Standard output is the journal. Events stand on lines of their own that begin with the nonce; all else is output.

HOME=${HOME:-/root} LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive
export PATH HOME LC_ALL DEBIAN_FRONTEND
unset CDPATH ENV INVOCATION_ID JOURNAL_STREAM
umask 022
set -f
STOPPED=
HELD=
FAILING=
FULL=
CANCELLED=
MACHINE=${MACHINE:-$HOME/.ashore}
GUARDED=
GUARDED_LINES=
KEPT=
LATE=
BASELINES=

event() { printf '\n@@%s %s\n' "$NONCE" "$*"; }

# Written down before anything else happens.
synced_event() { write_event "$@" || { make_room && write_event "$@"; }; }

write_event() { event "$@" && sync "$STATE/runs/$RUN/journal"; }

# make_room: gives up what was kept free, so that a run on a full disk can say how it ended; false when that was done before.
# What was written of an event that did not fit is ended, lest the next one be glued to it.
make_room() {
  FULL=1
  rm -- "$STATE/runs/$RUN/reserve" && printf '\n'
} 2>/dev/null

# Centiseconds that no clock change can move, without a process of its own.
read_clock() { read -r NOW REST </proc/uptime || NOW=0; }

# Descriptor 8 says that this run is alive, 9 is the lock of the state directory, 6 that of the whole machine, which may be known
# by several names and state directories. No command inherits any, or a daemon would keep it.
begin_run() {
  exec </dev/null >>"$STATE/runs/$RUN/journal" 2>&1
  exec 8>>"$STATE/runs/$RUN/alive"
  flock -s 8
  : >"$STATE/runs/$RUN/started"
  trap 'STOPPED=1' TERM INT
  trap 'rm -rf "$WORK"' EXIT
  synced_event START
  exec 9>>"$STATE/lock"
  if ! flock -n 9; then
    read -r OTHER <"$STATE/holder" || OTHER='another process of Ashore'
    finish_run refused HOST_BUSY "$OTHER"
  fi
  lock_machine
  HELD=1
  OTHER=
  read -r REST OTHER REST <"$STATE/holder" 2>/dev/null || :
  if [ -e "$STATE/runs/${OTHER:-none}/guard/armed" ]; then
    HELD=
    finish_run refused HOST_BUSY "run $OTHER, which the host is putting back"
  fi
  printf '%s\n' "$HOLDER" >"$STATE/holder" || finish_run refused RUN_REFUSED "$STATE/holder cannot be written"
  ledger_is "$LEDGER" || finish_run refused RUN_REFUSED "the ledger moved since the host was looked at"
  ledger_mend || finish_run refused RUN_REFUSED "the ledger cannot be written"
  cd "$WORK" || finish_run refused RUN_REFUSED "the files of the run are gone"
  read_clock
  RUN_BEGUN=${NOW%.*} CLOCK_BEGUN=$(date +%s)
  command -v perl >/dev/null || BOUNDED_TEXT=
}

lock_machine() {
  { true >>"$MACHINE/lock"; } 2>/dev/null || return 0
  exec 6>>"$MACHINE/lock"
  if ! flock -n 6; then
    read -r OTHER <"$MACHINE/holder" || OTHER='another process of Ashore'
    finish_run refused HOST_BUSY "$OTHER, under another state directory than $STATE"
  fi
  printf '%s\n' "$HOLDER" >"$MACHINE/holder"
}

# Whoever reads the end finds the lock free and the files gone.
finish_run() {
  cd / && rm -rf "$WORK"
  [ -z "$HELD" ] || rm -f -- "$STATE/holder" "$MACHINE/holder"
  # From here on there is room for one more event, whatever filled the disk.
  rm -f -- "$STATE/runs/$RUN/reserve"
  exec 9>&- 6>&-
  synced_event FINISHED "$@"
  exit 0
}

# change NUMBER LEDGER-LINE: what the functions change_NUMBER do, and its record.
change() {
  go_on
  begin_change "$1" || stop_run full
  "change_$1"
  STATUS=$?
  [ "$STATUS" -ne 0 ] || record "$2" || STATUS=$?
  end_change "$1" "$STATUS"
  [ "$STATUS" -eq 0 ] || fail_run
}

# Before each change: ends the run when somebody wants it to, or when no more can be written down.
go_on() {
  [ -z "$STOPPED" ] || stop_run stopped
  heed_cancel
  [ -z "$FULL" ] || stop_run full
  checks_due || stop_run unmarked
}

# heed_cancel: ends the run where somebody has asked for that. Only at safe points.
heed_cancel() {
  [ -e "$STATE/runs/$RUN/cancel" ] || return 0
  read -r BY <"$STATE/runs/$RUN/cancel"
  [ -z "$GUARDED" ] || undo_guarded cancelled
  FAILING=1
  always
  finish_run cancelled "$BY"
}

# begin_change NUMBER: false where that could not be written down. Then it must not begin.
begin_change() {
  read_clock
  CHANGE_BEGUN=${NOW%.*}
  write_event BEGIN "$1" "$NOW" && return
  make_room
  return 1
}

# end_change NUMBER STATUS
end_change() {
  read_clock
  synced_event END "$1" "$2" "$NOW"
}

# Before the first change: from now on the checks of its stacks are due, whatever becomes of this run.
checks_due() {
  [ -n "$DUE_LINES" ] || return 0
  keep_baselines && ledger_add "$DUE_LINES" && DUE_LINES=
}

checks_held() {
  [ -z "$HELD_LINES" ] || ledger_add "$HELD_LINES" || finish_run failed unproven
  for NAME in $BASELINES; do rm -f -- "$STATE/$NAME"; done
}

# keep_baselines: what was measured before the first change outlives this run. A version that fails its bake is nothing that
# the next deploy may compare with.
keep_baselines() {
  for NAME in $BASELINES; do
    [ -s "$WORK/$NAME" ] || continue
    read -r NUMBERS <"$WORK/$NAME" && printf '%s\n' "$NUMBERS" >"$STATE/$NAME.new" && sync "$STATE/$NAME.new" &&
      mv -f -T -- "$STATE/$NAME.new" "$STATE/$NAME" || return
  done
}

# record LEDGER-LINE: of what is guarded not before it is confirmed.
record() {
  if [ -z "$GUARDED" ]; then
    ledger_add "$1" || { make_room && ledger_mend && ledger_add "$1"; }
    return
  fi
  GUARDED_LINES="$GUARDED_LINES$1
"
}

# stop_run WHY: between two changes.
stop_run() {
  [ -z "$GUARDED" ] || undo_guarded "$1"
  finish_run failed "$1"
}

# duty NUMBER [LEDGER-LINE]: what change_NUMBER does around the changes; only that it failed is recorded. A check is over when somebody cancels.
duty() {
  [ -z "$STOPPED" ] || finish_run failed stopped
  [ -n "$FAILING" ] || heed_cancel
  if ! begin_change "$1"; then
    [ -z "$FAILING" ] || return 0
    stop_run full
  fi
  "change_$1"
  STATUS=$?
  [ -z "$CANCELLED" ] || heed_cancel
  [ "$STATUS" -eq 0 ] || [ -z "${2:-}" ] || ledger_add "$2"
  end_change "$1" "$STATUS"
  [ "$STATUS" -eq 0 ] || fail_run
}

# The first failure ends the run, after what is to be done on a failure; that one of these fails, too, changes nothing.
fail_run() {
  LATE=1
  [ -z "$FAILING" ] || return 0
  [ -z "$GUARDED" ] || undo_guarded failed
  FAILING=1
  on_failure
  always
  finish_run failed
}

on_failure() { :; }

always() { :; }

# kept_duty NUMBER: puts back, where there is something to put back.
kept_duty() { [ -z "$KEPT" ] || duty "$1"; }

# All went well; each of what is always done at the end is tried, and one that fails is a failure like any other.
end_well() {
  FAILING=1
  always
  [ -z "$LATE" ] || {
    on_failure
    finish_run failed
  }
}

# command_is TEXT: names the command that comes next; refuses it when the run was told to stop.
command_is() {
  [ -z "$STOPPED" ] || return 143
  event COMMAND "$1" || { make_room && event COMMAND "$1"; }
}

# bounded FUNCTION ARGV: the function, which prints what a command prints, and that only up to a size. Its status comes last.
bounded() {
  if [ -z "$BOUNDED_TEXT" ]; then
    "$@"
    return
  fi
  {
    # By exec, because dash keeps a copy of what a redirection takes away, and with it the locks.
    exec 2>&1 6>&- 8>&- 9>&-
    "$@"
    printf '\n@@%s ENDED %s\n' "$NONCE" "$?"
  } | perl -e "$BOUNDED_TEXT" "$NONCE" 6>&- 8>&- 9>&-
}

# left_half FUNCTION ARGV: removes, after a command of a put has failed, what it left beside its file. Keeps the status.
left_half() {
  FAILED=$?
  "$@" >/dev/null 2>&1
  return "$FAILED"
}

# run ARGV: exec, because a word like `exit` or `test` must be a program here and never the shell's own.
run() { (exec "$@") 6>&- 8>&- 9>&-; }

# run_in DIRECTORY ARGV
run_in() { (cd -- "$1" && shift && exec "$@") 6>&- 8>&- 9>&-; }

# run_at DIRECTORY ARGV: only when the directory is reached over no symbolic link. What the names of ARGV then stand for lies in
# the directory that was checked, whatever becomes of its name.
run_at() { (cd -P -- "$1" && stands_in "$1" && shift && exec "$@") 6>&- 8>&- 9>&-; }

stands_in() {
  [ "$PWD" = "$1" ] && return
  printf '%s is not where the plan saw it, but leads to %s; nothing was written there\n' "$1" "$PWD"
  return 1
}
