/* feed_cli - `soc-collector feed`: national messages in files, for people and tests */
#ifndef COLLECTOR_NATIONAL_FEED_CLI_H
#define COLLECTOR_NATIONAL_FEED_CLI_H

/* argv[0] is "feed". Returns the exit status: 0 good, 1 the message is not, 2 wrong usage or a
 * file that cannot be read. */
int feed_main(int argc, char **argv);

#endif
