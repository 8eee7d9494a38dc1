/*
 * verdict - what became of each object a scan met
 *
 * Every object gets one. All but the first mean "not scanned", and why; a scan
 * counts them by reason, so that "no hit" never hides "not looked at".
 */
#ifndef AGENT_SCAN_VERDICT_H
#define AGENT_SCAN_VERDICT_H

#include <stdbool.h>

enum verdict {
	VERDICT_SCANNED,
	VERDICT_TOO_LARGE,  /* above the size limit */
	VERDICT_TIMEOUT,    /* took longer than a file may */
	VERDICT_UNREADABLE, /* permission, input/output error */
	VERDICT_CHANGED,    /* changed under the scan, twice */
	VERDICT_VANISHED,   /* removed between listing and opening */
	VERDICT_SPECIAL,    /* FIFO, socket, device */
	VERDICT_SYMLINK,    /* not followed */
	VERDICT_EXCLUDED,   /* by the settings; a folder counts once, with all below it */
	VERDICT_FILESYSTEM, /* pseudo or network file system, or another one than the path's */
	VERDICT_TOO_DEEP,   /* folders nested deeper than the limit */
	VERDICT_AGAIN,      /* a folder met a second time (bind mount, overlapping paths) */
	VERDICT_FAILED,     /* the scanner crashed on it or gave an error */
	VERDICT_REMEMBERED, /* crashed or stopped the scanner earlier, with these rules */
	VERDICT_COUNT,
};

/* "too-large"; the name in reports and items. */
const char *verdict_name(enum verdict verdict);

/* Something went wrong, as opposed to a limit or a policy the settings ask for. */
bool verdict_is_failure(enum verdict verdict);

#endif
