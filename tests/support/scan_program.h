/* scan_program - a program that only offers `scan`: what a test is when it is started again */
#ifndef TESTS_SUPPORT_SCAN_PROGRAM_H
#define TESTS_SUPPORT_SCAN_PROGRAM_H

#include "agent/scan/command.h"

static inline int scan_program(int argc, char **argv)
{
	static const struct command *const tables[] = {scan_commands, NULL};
	static const struct program program = {
		.name = "soc-agent", .about = "scans files", .tables = tables};

	return program_main(&program, argc, argv);
}

#endif
