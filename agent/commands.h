/* commands - the words behind soc-agent; argv[0] is the word, the result the exit code */
#ifndef AGENT_COMMANDS_H
#define AGENT_COMMANDS_H

int command_run(int argc, char **argv);
int command_check(int argc, char **argv);
int command_config(int argc, char **argv);

#endif
