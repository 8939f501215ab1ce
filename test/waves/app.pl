#!/usr/bin/perl
# A small web service in what perl-base has. What it does wrong is said by its environment: CRASH after so many seconds,
# SICK answers its health with 500, SLOW is milliseconds for every answer. Where /run/drain is, it is not ready for more; where
# /run/cold is, its health is not there yet.
use strict;
use warnings;
use IO::Socket::INET;

# In a container the version is that of its image.
if (open my $image, '<', '/etc/tiny') { chomp($ENV{VERSION} = <$image>) }
my %env = (PORT => 8080, VERSION => 1, CRASH => 0, SICK => 0, SLOW => 0, %ENV);
if ($env{CRASH}) {
  $SIG{ALRM} = sub { die "the shop has run out of rope\n" };
  alarm $env{CRASH};
}
$SIG{PIPE} = 'IGNORE';
my $server = IO::Socket::INET->new(LocalPort => $env{PORT}, Listen => 128, ReuseAddr => 1)
  or die "shop: cannot listen on port $env{PORT}: $!\n";
while (1) {
  my $client = $server->accept or next;
  my $request = <$client> // '';
  while (defined(my $line = <$client>)) { last if $line =~ /^\r?\n$/ }
  select undef, undef, undef, $env{SLOW} / 1000 if $env{SLOW};
  my ($status, $body) = (200, "version $env{VERSION}\n");
  ($status, $body) = (503, "leaving\n") if $request =~ m{^GET /ready } && -e '/run/drain';
  ($status, $body) = (503, "warming up\n") if $request =~ m{^GET /health } && -e '/run/cold';
  ($status, $body) = (500, "the rope store cannot be reached\n") if $request =~ m{^GET /(?:health|ready) } && $env{SICK};
  print {$client} "HTTP/1.1 $status X\r\nContent-Type: text/plain\r\nContent-Length: " . length($body) . "\r\nConnection: close\r\n\r\n$body";
  close $client;
}
