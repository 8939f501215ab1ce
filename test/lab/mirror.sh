# Sourced: where this machine's own apt has Debian from.

# Without its lists apt knows no labels.
apt-get indextargets --format '$(LABEL)' | grep -q . || apt-get update -q

# The address that this machine's apt has for a repository with this label (Debian, Debian-Security).
mirror() {
  local uri
  uri=$(apt-get indextargets --format '$(LABEL)|$(REPO_URI)' 'Created-By: Packages' | sed -n "s/^$1|//p" | sort -u | sed -n 1p)
  printf '%s' "${uri:-$2}"
}
main=$(mirror Debian http://deb.debian.org/debian/)
