/* `soc-collector normalize` alone, for measurements before and beside the whole program. */
#include "collector/normalize/normalize.h"

int main(int argc, char **argv)
{
	return normalize_command(argc, argv);
}
