# One look over the network, in what perl-base has, which every Debian has (Essential: yes). It changes nothing.
#   tcp LIMIT HOST PORT
#   http LIMIT KEEP HOST PORT PATH STATUS BODY [NAME VALUE]...     KEEP: file for the beginning of the answer
#   measure SECONDS KEEP HOST PORT PATH                            KEEP: file for the numbers
#   kept KEEP
#   bake SECONDS KEEP HOST PORT PATH UNITS [OF MOST PERCENT]...    UNITS in one word, separated by spaces
#   listen
# Exit status: 0 as asked for, 1 no answer, 2 another answer, 3 a limit was passed. The last line says what was seen.
use strict;
use warnings;
use IO::Socket::IP;

$| = 1;
# How long it takes to be answered wrong, or never.
use constant NEVER => 9**9**9;

my ($what, @rest) = @ARGV;
my %looks = (tcp => \&tcp, http => \&http, measure => \&measure, kept => \&kept, bake => \&bake, listen => \&listening);
exit $looks{$what}->(@rest);

sub tcp {
  my ($limit, $host, $port) = @_;
  my ($socket, $why) = within($limit, sub { open_socket($host, $port, $limit) });
  return said(1, $why) unless $socket;
  return said(0, 'it took a connection');
}

sub http {
  my ($limit, $keep, $host, $port, $path, $status, $body, @headers) = @_;
  my ($answer, $why) = within($limit, sub { ask($host, $port, $path, $limit) });
  return said(1, $why) unless defined $answer;
  write_file($keep, substr($answer, 0, 2048));
  my ($head, $text) = split /\r?\n\r?\n/, $answer, 2;
  return said(2, 'what answered does not speak HTTP') unless $head =~ m{^HTTP/\d\S* (\d{3})};
  return said(2, "it answered $1") if $1 != $status;
  while (my ($name, $value) = splice @headers, 0, 2) {
    my @found = map { /^\Q$name\E:[ \t]*(.*?)[ \t]*$/i ? $1 : () } split /\r?\n/, $head;
    next if grep { $_ eq $value } @found;
    return said(2, "it answered $status, with $name: " . (@found ? $found[0] : '(no such header)'));
  }
  return said(2, "it answered $status, without the text that the body must hold") if index($text // '', $body) < 0;
  return said(0, "it answered $status");
}

sub measure {
  my ($seconds, $keep, $host, $port, $path) = @_;
  my $numbers = sample($seconds, $host, $port, $path, sub { 0 });
  write_file($keep, join(' ', map { $numbers->{$_} } qw(count failed p50 p95)) . "\n");
  return said(0, words($numbers));
}

sub kept {
  my %before = read_before(@_);
  return said(0, 'kept since before the deploy whose checks did not hold: ' . before_words(\%before));
}

sub bake {
  my ($seconds, $keep, $host, $port, $path, $units, @limits) = @_;
  my %before = read_before($keep);
  my @units = split ' ', $units;
  my %start = unit_numbers(@units);
  my @asked;
  while (my ($of, $most, $percent) = splice @limits, 0, 3) { push @asked, [$of, $most, $percent] }
  for (grep { $_->[2] && $_->[0] =~ /^p/ && !%before } @asked) {
    return said(3, "$_->[0] +$_->[1]% cannot be judged, for no numbers of before are kept; give milliseconds until it has held once");
  }
  push @asked, ['failures', undef, '%'] unless grep { $_->[0] eq 'failures' } @asked;
  my $passed;
  my $judge = sub {
    my ($numbers, $last) = @_;
    my %now = unit_numbers(@units);
    $numbers->{restarts} = $now{restarts} - $start{restarts};
    $numbers->{errors} = $now{errors} - $start{errors};
    $numbers->{memory} = $now{memory};
    printf "%s; before: %s\n", words($numbers), before_words(\%before);
    return 0 if $numbers->{count} + $numbers->{failed} < 20 && !$last;
    ($passed) = grep { defined } map { over($_, $numbers, \%before, \%start) } @asked;
    $passed = 'no request was answered' if !$numbers->{count};
    return defined $passed;
  };
  my $numbers = sample($seconds, $host, $port, $path, $judge);
  $judge->($numbers, 1) unless defined $passed;
  return said(3, "$passed; now " . words($numbers) . '; before ' . before_words(\%before))
    if defined $passed;
  return said(0, words($numbers));
}

# A growth of less than 10 ms is noise, whatever it is in percent.
sub over {
  my ($limit, $numbers, $before, $start) = @_;
  my ($of, $most, $percent) = @$limit;
  return over_failures($most, $numbers, $before) if $of eq 'failures';
  my $now = $numbers->{$of} // 0;
  return $now > $most ? sprintf('%s is %s, more than %s', $of, map { amount($of, $_) } $now, $most) : undef unless $percent;
  my $was = $of eq 'memory' ? $start->{memory} : $before->{$of};
  return undef unless $was;
  return undef if $of =~ /^p/ && $now - $was < 10;
  return undef unless $now > $was * (1 + $most / 100);
  return sprintf '%s went from %s to %s, more than %s%%', $of, (map { amount($of, $_) } $was, $now), $most;
}

# The share of requests that failed. Without a limit of its own it is not to be larger than before.
sub over_failures {
  my ($most, $numbers, $before) = @_;
  my ($now, $was) = (share($numbers), $before->{count} ? share($before) : 0);
  return undef unless $now > ($most // $was);
  my $words = amount('failures', $now);
  return "failures are $words, more than $most%" if defined $most;
  return "failures are $words, and before " . before_words($before) unless $before->{count};
  return 'failures went from ' . amount('failures', $was) . " to $words, more than before";
}

sub share {
  my ($n) = @_;
  my $all = $n->{count} + $n->{failed};
  return $all ? 100 * $n->{failed} / $all : 0;
}

sub amount {
  my ($of, $number) = @_;
  return sprintf '%.1f MiB', $number / 1048576 if $of eq 'memory';
  return sprintf('%.2f', $number) =~ s/\.?0+$//r . '%' if $of eq 'failures';
  return $number unless $of =~ /^p/;
  return $number == NEVER ? 'no answer' : "$number ms";
}

# Ten requests a second, one after the other; $judge sees the numbers every five seconds and may end it.
sub sample {
  my ($seconds, $host, $port, $path, $judge) = @_;
  my ($begun, $failed, @took) = (now(), 0);
  my $told = $begun;
  while ((my $from = now()) - $begun < $seconds) {
    my ($answer) = within(5, sub { ask($host, $port, $path, 5) });
    my $good = defined $answer && $answer =~ m{^HTTP/\d\S* [23]};
    if ($good) { push @took, now() - $from } else { $failed++ }
    if (now() - $told >= 5) {
      $told = now();
      last if $judge->(numbers($failed, @took), 0);
    }
    my $left = 0.1 - (now() - $from);
    select undef, undef, undef, $left if $left > 0;
  }
  return numbers($failed, @took);
}

# What failed stands behind all that was answered, lest a version be the faster the more it fails.
sub numbers {
  my ($failed, @took) = @_;
  my @sorted = sort { $a <=> $b } @took;
  my $part = sub {
    my $at = int($_[0] * ($failed + $#sorted) + 0.5);
    return $at > $#sorted ? NEVER : int(1000 * $sorted[$at] + 0.5);
  };
  return { count => scalar @sorted, failed => $failed, p50 => $part->(0.5), p95 => $part->(0.95) };
}

sub words {
  my ($n) = @_;
  my $words = "$n->{count} answered, $n->{failed} failed";
  $words .= ", $_ " . amount($_, $n->{$_}) for qw(p50 p95);
  $words .= ", restarts $n->{restarts}, error lines $n->{errors}" if defined $n->{restarts};
  $words .= sprintf ', memory %.1f MiB', $n->{memory} / 1048576 if $n->{memory};
  return $words;
}

sub before_words {
  my ($before) = @_;
  return 'nobody knows' unless %$before;
  return $before->{count} ? words($before) : 'nothing answered';
}

sub unit_numbers {
  my %sum = (restarts => 0, memory => 0, errors => 0);
  for my $unit (@_) {
    for (output('systemctl', 'show', '-p', 'NRestarts,MemoryCurrent', '--', $unit)) {
      $sum{restarts} += $1 if /^NRestarts=(\d+)/;
      $sum{memory} += $1 if /^MemoryCurrent=(\d{1,15})$/;
    }
    $sum{errors} += () = output('journalctl', '-q', '--no-pager', '-o', 'cat', '-p', 'err', '-b', '-u', $unit);
  }
  return %sum;
}

sub read_before {
  my ($file) = @_;
  open my $in, '<', $file or return ();
  my ($count, $failed, $p50, $p95) = split ' ', <$in> // '';
  return () unless defined $p95;
  return (count => $count, failed => $failed, p50 => $p50, p95 => $p95);
}

sub output {
  open my $in, '-|', @_ or return ();
  my @lines = <$in>;
  close $in;
  return @lines;
}

# HTTP/1.0, so that the answer ends with the connection and is in one piece.
sub ask {
  my ($host, $port, $path, $limit) = @_;
  my ($socket, $why) = open_socket($host, $port, $limit);
  return (undef, $why) unless $socket;
  local $SIG{PIPE} = 'IGNORE';
  my $name = $host =~ /:/ ? "[$host]" : $host;
  $name .= ":$port" if $port != 80;
  print {$socket} "GET $path HTTP/1.0\r\nHost: $name\r\nUser-Agent: ashore\r\nConnection: close\r\n\r\n";
  $socket->flush;
  my $answer = '';
  while (length $answer < 1048576) {
    my $read = sysread $socket, $answer, 65536, length $answer;
    last unless $read;
  }
  return length $answer ? $answer : (undef, 'it took the connection and ended it without an answer');
}

sub open_socket {
  my ($host, $port, $limit) = @_;
  my $socket = IO::Socket::IP->new(PeerHost => $host, PeerPort => $port, Type => SOCK_STREAM, Timeout => $limit);
  return $socket if $socket;
  my $why = $@ || "$!";
  $why =~ s/\s+/ /g;
  return (undef, $why);
}

sub within {
  my ($limit, $look) = @_;
  my @found;
  my $good = eval {
    local $SIG{ALRM} = sub { die "late\n" };
    alarm $limit;
    @found = $look->();
    alarm 0;
    1;
  };
  alarm 0;
  return @found if $good;
  return (undef, "it did not answer within $limit s") if $@ eq "late\n";
  return (undef, $@);
}

# Milliseconds without Time::HiRes, which perl-base lacks: clock_gettime(CLOCK_MONOTONIC) by its number in the kernel's
# tables (syscall(2)); elsewhere hundredths of a second.
my $clock;
sub now {
  $clock //= { x86_64 => 228, aarch64 => 113, riscv64 => 113 }->{machine()} // 0;
  if ($clock) {
    my $time = pack 'q2', 0, 0;
    if (syscall($clock, 1, $time) == 0) {
      my ($seconds, $nano) = unpack 'q2', $time;
      return $seconds + $nano / 1e9;
    }
  }
  open my $in, '<', '/proc/uptime' or return time;
  return (split ' ', <$in>)[0];
}

sub machine {
  my ($machine) = output('uname', '-m');
  chomp($machine //= '');
  return $machine;
}

sub listening {
  my %found;
  for my $file ('/proc/net/tcp', '/proc/net/tcp6') {
    open my $in, '<', $file or next;
    while (<$in>) {
      my (undef, $local, undef, $state) = split;
      next unless defined $state && $state eq '0A' && $local =~ /^([0-9A-F]+):([0-9A-F]{4})$/;
      $found{hex $2}{address($1)} = 1;
    }
  }
  print 'what listens: ', join(', ', map { my $port = $_; map { "$_:$port" } sort keys %{ $found{$port} } } sort { $a <=> $b } keys %found) || 'nothing', "\n";
  return 0;
}

# As the kernel writes them: 32-bit words in the byte order of the machine.
sub address {
  my ($hex) = @_;
  my @bytes = map { reverse unpack 'C4', pack 'N', hex $_ } $hex =~ /(.{8})/g;
  return join '.', @bytes if @bytes == 4;
  return '*' unless grep { $_ } @bytes;
  return '[::1]' if $bytes[15] == 1 && !grep { $_ } @bytes[0 .. 14];
  return '[' . join(':', map { sprintf '%x', $bytes[2 * $_] * 256 + $bytes[2 * $_ + 1] } 0 .. 7) . ']';
}

sub write_file {
  my ($file, $text) = @_;
  open my $out, '>', $file or return;
  print {$out} $text;
  close $out;
}

sub said {
  my ($status, $words) = @_;
  print "$words\n";
  return $status;
}
