/* commands - what main.c dispatches to; argv[0] is the command's name, exit status returned */
#ifndef COLLECTOR_COMMANDS_H
#define COLLECTOR_COMMANDS_H

int command_run(int argc, char **argv);
int command_check(int argc, char **argv);
int command_config(int argc, char **argv);
int command_normalize(int argc, char **argv);
int command_recount(int argc, char **argv);
int command_verify_store(int argc, char **argv);

#endif
