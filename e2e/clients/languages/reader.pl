# Reads an answer by HTTP::Tiny, which Perl brings along.
use strict;
use warnings;
use HTTP::Tiny;

$| = 1;
my $rest = '';
my $id;
my $response = HTTP::Tiny->new->post($ARGV[0], {
    headers       => { 'Content-Type' => 'application/json' },
    content       => do { local $/; <STDIN> },
    data_callback => sub {
        my ($bytes, $head) = @_;
        die "status $head->{status}: $bytes" if $head->{status} != 200;
        print 'id ', $id = $head->{headers}{'x-completion-id'}, "\n" unless defined $id;
        $rest .= $bytes;
        while ($rest =~ s/^(.*)\n//) {
            my $line = $1;
            print "data $1\n" if $line =~ /^data: (.*)/;
        }
        return;
    },
});
die "status $response->{status}: $response->{content}" unless $response->{success};
print "data $rest\n" if $response->{headers}{'content-type'} =~ /json/;
