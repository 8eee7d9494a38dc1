/* control_quality - the answer to "quality": what each source of lines delivers */
#ifndef COLLECTOR_CONTROL_QUALITY_H
#define COLLECTOR_CONTROL_QUALITY_H

#include "collector/control.h"
#include "common/json.h"

/* Members of an object that is open. `words`: the number of a source, or nothing for all.
 * Main thread. */
void control_quality(const struct control_view *view, struct slice words, struct json *json);

#endif
