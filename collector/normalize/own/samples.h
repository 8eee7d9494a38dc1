/* samples - the sample lines of an own format, tried when its file is loaded */
#ifndef COLLECTOR_NORMALIZE_OWN_SAMPLES_H
#define COLLECTOR_NORMALIZE_OWN_SAMPLES_H

#include "collector/normalize/own/written.h"
#include "collector/normalize/parser.h"

/* 2026-06-15T05:00:00Z: when the samples arrive, which completes years. */
#define OWN_SAMPLES_NS (INT64_C(1781499600) * 1000000000)

/* What differs from what the samples expect is added to the mistakes. */
void own_samples_check(const struct parser *parser, const struct conf *conf,
	const struct written_format *written, struct mistakes *mistakes);

#endif
