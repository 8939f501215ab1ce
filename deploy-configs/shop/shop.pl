#!/usr/bin/perl
# Answers every HTTP request with one file. Needs nothing beyond what Debian calls essential.
use strict;
use warnings;
use IO::Socket::INET;

my $answer = $ENV{SHOP_ANSWER} or die "SHOP_ANSWER is not set\n";
my $server = IO::Socket::INET->new(LocalPort => $ENV{SHOP_PORT}, Listen => 16, ReuseAddr => 1)
  or die "cannot listen on port $ENV{SHOP_PORT}: $!\n";
$SIG{PIPE} = 'IGNORE';

while (1) {
  my $client = $server->accept or next;
  while (my $line = <$client>) { last if $line =~ /^\r?$/ }
  open my $file, '<:raw', $answer or die "$answer: $!\n";
  my $body = do { local $/; <$file> };
  print $client "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n",
    "Content-Length: ", length($body), "\r\n\r\n", $body;
  close $client;
}
