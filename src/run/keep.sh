# What a stack asks to have back when a change or a check fails: copies are made before the first change, and put back before the
# hooks on failure. Needs saved.sh, settle.sh and WORK: the copies lie in memory and go with the run.

# keep AS COUNT PATH... UNIT...: COUNT paths, the rest are units.
keep() {
  SAVED_IN=$WORK/kept-$1 COUNT=$2 AT=0
  shift 2
  (umask 077 && mkdir -p -- "$SAVED_IN") || return
  for WORD do
    if [ "$AT" -lt "$COUNT" ]; then in_place "$WORD" save "$AT"; else save_unit "$AT" "$WORD"; fi || return
    AT=$((AT + 1))
  done
  : >"$SAVED_IN/whole" && KEPT=1
}

# put_back AS COUNT PATH... UNIT...: the words that keep had. What cannot be put back does not keep the rest from it.
# Units that did not run end first; what is in a directory goes before it; units that ran begin when all files stand.
put_back() {
  SAVED_IN=$WORK/kept-$1 COUNT=$2 BACK=0
  shift 2
  if [ ! -e "$SAVED_IN/whole" ]; then return 0; fi
  each_unit end_unit "$@"
  AT=0
  for WORD do
    [ "$AT" -ge "$COUNT" ] || [ ! -d "$SAVED_IN/$AT.directory" ] || in_place "$WORD" put_at "$AT" || BACK=1
    AT=$((AT + 1))
  done
  AT=$COUNT
  while [ "$AT" -gt 0 ]; do
    eval "WORD=\${$AT}"
    AT=$((AT - 1))
    in_place "$WORD" put_at "$AT" || BACK=1
  done
  reload_systemd || BACK=1
  each_unit start_unit "$@"
  return "$BACK"
}

each_unit() {
  DOING=$1 AT=0
  shift
  for WORD do
    if [ "$AT" -ge "$COUNT" ] && [ -e "$SAVED_IN/$AT.unit" ]; then
      compare_unit "$AT" "$WORD"
      "$DOING" "$WORD" || BACK=1
    fi
    AT=$((AT + 1))
  done
}

# in_place PATH FUNCTION NUMBER: beside the path, in its directory reached over no link; nothing is where there is no directory.
in_place() (
  DIRECTORY=${1%/*}
  DIRECTORY=${DIRECTORY:-/}
  if [ ! -d "$DIRECTORY" ] && [ ! -e "$SAVED_IN/$3.file" ] && [ ! -L "$SAVED_IN/$3.file" ] && [ ! -d "$SAVED_IN/$3.directory" ]; then return 0; fi
  cd -P -- "$DIRECTORY" && stands_in "$DIRECTORY" && "$2" "$3" "./${1##*/}"
)

# put_at NUMBER PATH: notes that something was not as before.
put_at() {
  ! stands_as_saved "$1" "$2" || return 0
  printf 'putting back %s\n' "$DIRECTORY/${2#./}"
  : >"$SAVED_IN/moved"
  restore "$1" "$2"
}

stands_as_saved() {
  SAVED=$SAVED_IN/$1
  if [ -e "$SAVED.file" ] || [ -L "$SAVED.file" ]; then
    [ -e "$2" ] || [ -L "$2" ] && is_as_saved "$SAVED.file" "$2"
  elif [ -d "$SAVED.directory" ]; then
    [ -d "$2" ] && [ ! -L "$2" ] && [ "$(stat -c '%a %u %g' -- "$SAVED.directory")" = "$(stat -c '%a %u %g' -- "$2")" ]
  else
    [ ! -e "$2" ] && [ ! -L "$2" ]
  fi
}

# compare_unit NUMBER UNIT: how it stood, and how it stands.
compare_unit() {
  read_unit "$(cat -- "$SAVED_IN/$1.unit")"
  WAS=$ActiveState WAS_BOOT=$UnitFileState WAS_INVOCATION=$InvocationID
  read_unit "$(systemctl show --no-pager -p Id,LoadState,ActiveState,UnitFileState,InvocationID -- "$2")"
}

end_unit() {
  if [ "$UnitFileState" = enabled ] && [ "$WAS_BOOT" != enabled ]; then systemctl disable -- "$1" || return; fi
  case $WAS/$ActiveState in
    active/* | activating/* | reloading/* | */inactive | */failed) ;;
    *) systemctl stop -- "$1" ;;
  esac
}

# Whether it is up again is looked at as after every start.
start_unit() {
  if [ "$WAS_BOOT" = enabled ] && [ "$UnitFileState" != enabled ]; then systemctl enable -- "$1" || return; fi
  case $WAS in active | activating | reloading) ;; *) return 0 ;; esac
  if [ "$ActiveState" = active ] && [ "$InvocationID" = "$WAS_INVOCATION" ]; then
    # It never ended, but may have read what is no longer there.
    case $1 in *.socket) return 0 ;; esac
    [ ! -e "$SAVED_IN/moved" ] || systemctl try-reload-or-restart -- "$1"
    return
  fi
  printf 'starting %s as it was\n' "$1"
  systemctl reset-failed -- "$1" 2>/dev/null
  systemctl restart -- "$1" && settle "$1" 5
}
