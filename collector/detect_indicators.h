/* detect_indicators - what `soc-collector detect` does with lists of indicators */
#ifndef COLLECTOR_DETECT_INDICATORS_H
#define COLLECTOR_DETECT_INDICATORS_H

#include <yyjson.h>

#include "collector/detect/indicators/indicators.h"
#include "common/cli/arguments.h"

enum { DETECT_LISTS_MAX = 256 };

/* Its options, for tables of commands. */
#define DETECT_INDICATORS_SETTINGS_OPTION                                                      \
	{                                                                                      \
		.name = "indicators-settings", .value = "FILE",                                \
		.help = "a file of settings that names lists (soc-collector indicators "       \
			"config)"                                                              \
	}
#define DETECT_INDICATORS_OPTIONS                                                              \
	{.name = "indicators",                                                                 \
		.value = "FILE",                                                               \
		.help = "a list of indicators or warnings, or a folder with such; may be "     \
			"given again",                                                         \
		.most = DETECT_LISTS_MAX},                                                     \
		DETECT_INDICATORS_SETTINGS_OPTION

/* By the options of a command; mistakes are told on standard error. `*indicators` is NULL when
 * none were asked for. */
MUST_USE bool detect_indicators_load(const struct arguments *arguments,
	const char *const *paths, size_t n_paths, struct indicators **indicators,
	struct err *err);

/* Writes a line a match; how many. */
size_t detect_indicators_event(
	struct indicators *indicators, yyjson_val *root, uint64_t line, struct strbuf *out);

/* On standard error: how many there are, and what warning lists took back. */
void detect_indicators_tell(const struct indicators *indicators);

#endif
