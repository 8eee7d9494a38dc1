/* scan_alone - `soc-agent scan` without the rest of the agent: "scan_alone scan ..." */
#include <stdio.h>
#include <string.h>

#include "tests/support/scan_program.h"

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "scan") == 0)
		return scan_program(argc, argv);
	fputs("usage: scan_alone scan ...\n", stderr);
	return 2;
}
