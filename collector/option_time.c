#include "collector/option_time.h"

#include <stdio.h>
#include <string.h>

#include "common/clock.h"

bool option_time(const struct arguments *arguments, const char *name, int64_t *ns)
{
	const char *text = arguments_text(arguments, name);
	size_t used;

	*ns = CLOCK_NONE;
	if (text == NULL)
		return true;
	if (clock_parse_iso(slice_str(text), 0, ns, &used) && used == strlen(text))
		return true;
	fprintf(stderr, "soc-collector: '%s' is no time like 2026-11-22T00:00:00+07:00\n",
		text);
	return false;
}
