#include "collector/forward/output.h"

#include <stddef.h>

#include "collector/forward/outputs/outputs.h"

/* In the order of forward_outputs[] of settings.c. */
const struct output *const outputs[] = {
	&output_kafka,
	&output_file,
	NULL,
};
