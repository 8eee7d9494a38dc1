/*
 * control_acts - requests of the local socket that change something (control.h)
 *
 * Each is read and checked against what there is, and becomes acts of the log.
 * Who asks is known by the user id of the other side; the name it claims
 * stands beside it. Main thread.
 */
#ifndef COLLECTOR_CONTROL_ACTS_H
#define COLLECTOR_CONTROL_ACTS_H

#include <sys/types.h>

#include "collector/control.h"
#include "collector/desk.h"
#include "common/json.h"

/* Is it the word of such a request? */
bool control_is_act(struct slice word);

/* Adds acts to the job and puts members of the answer. False: it put "error", and the job is to
 * be dropped; so it is when it has none. `words`: as in control_asked.h. */
MUST_USE bool control_act(const struct control_view *view, struct slice word,
	struct slice words, uid_t uid, struct desk_job *job, struct json *json);

#endif
