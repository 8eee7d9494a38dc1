/*
 * winlog_channels - events of Windows' own programs and of others that write into its log,
 * as tables: what an event means, and which fields its values are
 *
 * Any thread.
 */
#ifndef COLLECTOR_NORMALIZE_WINLOG_CHANNELS_H
#define COLLECTOR_NORMALIZE_WINLOG_CHANNELS_H

#include "collector/normalize/families/winlog.h"

/* The values of the event, when its provider is in the tables, and what it means; NULL when
 * that is not known. */
const struct winlog_event *winlog_put_channel(struct winlog *winlog, unsigned event_id);

#endif
