/*
 * conf_changes - which settings differ between two structs that one table describes
 *
 * For reloads: what a running program cannot take over is named, not passed
 * over in silence.
 */
#ifndef COMMON_CONF_CHANGES_H
#define COMMON_CONF_CHANGES_H

#include <stdbool.h>

#include "common/setting.h"

enum { CONF_KEY_MAX = 256 }; /* bytes of a dotted key */

/* Tells the dotted key of each setting that differs ("store.dir"), and whether the table calls
 * it live. A list of sections is one setting. */
void conf_changes(const struct setting *table, const void *before, const void *after,
	void (*tell)(void *user, const char *key, bool live), void *user);

#endif
