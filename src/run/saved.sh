# What a run sets aside before it changes it, and puts back when it must. Needs STATE, UNIT_OF_SYSTEMD, and SAVED_IN, the directory
# of the copies: NUMBER.file, NUMBER.directory or nothing for each path, NUMBER.unit for each unit.

# save NUMBER PATH
save() {
  if [ -L "$2" ] || [ -f "$2" ]; then
    cp -a -T -- "$2" "$SAVED_IN/$1.file"
  elif [ -d "$2" ]; then
    mkdir -- "$SAVED_IN/$1.directory" && chown --reference="$2" -- "$SAVED_IN/$1.directory" &&
      chmod --reference="$2" -- "$SAVED_IN/$1.directory"
  elif [ -e "$2" ]; then
    printf '%s is neither a file nor a directory\n' "$2"
    return 1
  fi
}

# save_unit NUMBER UNIT
save_unit() {
  [ -n "$UNIT_OF_SYSTEMD" ] && [ -d /run/systemd/system ] || return 0
  systemctl show --no-pager -p Id,LoadState,ActiveState,UnitFileState,InvocationID -- "$2" >"$SAVED_IN/$1.unit"
}

# restore NUMBER PATH
restore() {
  SAVED=$SAVED_IN/$1
  if [ -e "$SAVED.file" ] || [ -L "$SAVED.file" ]; then
    ! is_as_saved "$SAVED.file" "$2" || return 0
    [ ! -d "$2" ] || [ -L "$2" ] || rmdir -- "$2" || return
    mkdir -p -- "${2%/*}/" && cp -a --remove-destination -T -- "$SAVED.file" "$2.ashore-old" && sync -f -- "${2%/*}/" && mv -f -T -- "$2.ashore-old" "$2"
  elif [ -d "$SAVED.directory" ]; then
    if [ ! -d "$2" ] || [ -L "$2" ]; then rm -f -- "$2" && mkdir -p -- "$2" || return; fi
    chown --reference="$SAVED.directory" -- "$2" && chmod --reference="$SAVED.directory" -- "$2"
  elif [ -d "$2" ] && [ ! -L "$2" ]; then
    rmdir --ignore-fail-on-non-empty -- "$2"
  else
    rm -f -- "$2"
  fi
}

# What was never changed keeps its times, by which others see that it was not.
is_as_saved() {
  [ -L "$1" ] || [ ! -L "$2" ] || return 1
  [ "$(stat -c '%f %u %g' -- "$1")" = "$(stat -c '%f %u %g' -- "$2" 2>/dev/null)" ] || return 1
  if [ -L "$1" ]; then [ "$(readlink -- "$1")" = "$(readlink -- "$2")" ]; else cmp -s -- "$1" "$2"; fi
}

read_unit() {
  Id='' LoadState='' ActiveState='' UnitFileState='' InvocationID=''
  OLD_IFS=$IFS
  IFS='
'
  for PROPERTY in $1; do
    case $PROPERTY in
      Id=*) Id=${PROPERTY#*=} ;;
      LoadState=*) LoadState=${PROPERTY#*=} ;;
      ActiveState=*) ActiveState=${PROPERTY#*=} ;;
      UnitFileState=*) UnitFileState=${PROPERTY#*=} ;;
      InvocationID=*) InvocationID=${PROPERTY#*=} ;;
    esac
  done
  IFS=$OLD_IFS
}

reload_systemd() { [ -z "$UNIT_OF_SYSTEMD" ] || [ ! -d /run/systemd/system ] || systemctl daemon-reload; }
