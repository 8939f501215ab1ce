# bounded NONCE: copies what a command prints on standard input to standard output, the journal of its run, and ends with the
# status that `\n@@NONCE ENDED STATUS` says after it. However much is printed, the journal stays small: a command has 1 MiB of it,
# less where the whole run has had 16, and of what goes beyond the last 64 KiB. That a write fails is no reason to end the command.
use strict;

my ($nonce) = @ARGV;
my $marker = "\n\@\@$nonce ENDED ";
my ($each, $run, $end) = (1 << 20, 16 << 20, 1 << 16);
my $room = $run - (-s STDOUT || 0);
$room = $each if $room > $each;
$room = 0 if $room < 0;
my ($held, $last, $left) = ('', '', 0);

my $status = copy();
print_end();
exit(defined $status ? $status : 137) if is_closed();
# Somebody whom the command left behind still holds the pipe, and is not to be ended by it.
exit($status) if fork;
close STDOUT;
close STDERR;
chdir '/';
1 while sysread STDIN, my $more, 1 << 16;

# The status; undefined where whoever was to say it is gone.
sub copy {
  while (1) {
    my $got = sysread STDIN, $held, 1 << 16, length $held;
    next if !defined $got && $!{EINTR};
    my $at = index $held, $marker;
    if ($at >= 0 && substr($held, $at + length $marker) =~ /^(\d+)\n/) {
      my $said = $1;
      put(substr $held, 0, $at);
      return $said;
    }
    if (!$got) {
      put($held);
      return undef;
    }
    pass_on() if $at < 0;
  }
}

# All but what may be the beginning of the marker.
sub pass_on {
  my $line = rindex $held, "\n";
  my $whole = $line >= 0 && index($marker, substr $held, $line) == 0 ? $line : length $held;
  put(substr $held, 0, $whole, '');
}

sub put {
  my ($text) = @_;
  if ($room > 0) {
    my $fits = substr $text, 0, $room, '';
    syswrite STDOUT, $fits;
    $room -= length $fits;
  }
  $last .= $text;
  return if length $last <= 2 * $end;
  $left += length(substr $last, 0, length($last) - $end, '');
}

sub print_end {
  $left += length(substr $last, 0, length($last) - $end, '') if length $last > $end;
  syswrite STDOUT, "\n[$left bytes left out]\n" if $left;
  syswrite STDOUT, $last if $last ne '';
}

sub is_closed {
  vec(my $read = '', fileno(STDIN), 1) = 1;
  my $ready = select $read, undef, undef, 0.05;
  return $ready > 0 && !sysread STDIN, my $more, 1 << 16;
}
