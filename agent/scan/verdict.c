#include "agent/scan/verdict.h"

static const struct {
	const char *name;
	bool failure;
} verdicts[VERDICT_COUNT] = {
	[VERDICT_SCANNED] = {"scanned", false},
	[VERDICT_TOO_LARGE] = {"too-large", false},
	[VERDICT_TIMEOUT] = {"timeout", true},
	[VERDICT_UNREADABLE] = {"unreadable", true},
	[VERDICT_CHANGED] = {"changed", true},
	[VERDICT_VANISHED] = {"vanished", false},
	[VERDICT_SPECIAL] = {"special", false},
	[VERDICT_SYMLINK] = {"symlink", false},
	[VERDICT_EXCLUDED] = {"excluded", false},
	[VERDICT_FILESYSTEM] = {"filesystem", false},
	[VERDICT_TOO_DEEP] = {"too-deep", true},
	[VERDICT_AGAIN] = {"again", false},
	[VERDICT_FAILED] = {"failed", true},
	[VERDICT_REMEMBERED] = {"remembered", true},
};

const char *verdict_name(enum verdict verdict)
{
	return verdicts[verdict].name;
}

bool verdict_is_failure(enum verdict verdict)
{
	return verdicts[verdict].failure;
}
