#include "collector/forward/destinations.h"

#include <stdio.h>
#include <string.h>

#include "common/clock.h"

void destinations_init(
	struct destinations *destinations, const struct destinations_settings *settings)
{
	*destinations = (struct destinations){.settings = *settings};
	pthread_mutex_init(&destinations->lock, NULL);
}

void destinations_done(struct destinations *destinations)
{
	pthread_mutex_destroy(&destinations->lock);
}

/* ---- finding ---------------------------------------------------------------- */

static struct destination *add(struct destinations *destinations, struct slice type)
{
	const struct destinations_settings *settings = &destinations->settings;
	struct destination *destination = &destinations->all[destinations->n];
	size_t len = strlen(settings->prefix) + type.len + sizeof(".v1");

	if (destinations->n == DESTINATIONS_MAX || type.len >= sizeof(destination->type) ||
		len > sizeof(destination->topic))
		return NULL;
	pthread_mutex_lock(&destinations->lock);
	snprintf(destination->type, sizeof(destination->type), "%.*s", SLICE_FMT(type));
	snprintf(destination->topic, sizeof(destination->topic), "%s%.*s.v1", settings->prefix,
		SLICE_FMT(type));
	backoff_init(&destination->backoff, (uint32_t)settings->retry_ms,
		(uint32_t)settings->retry_most_ms);
	destinations->n++;
	pthread_mutex_unlock(&destinations->lock);
	return destination;
}

struct destination *destinations_of_type(struct destinations *destinations, struct slice type)
{
	for (unsigned i = 0; i < destinations->n; i++) {
		if (slice_eq(type, slice_str(destinations->all[i].type)))
			return &destinations->all[i];
	}
	return add(destinations, type);
}

struct destination *destinations_of_topic(struct destinations *destinations, const char *topic)
{
	for (unsigned i = 0; i < destinations->n; i++) {
		if (strcmp(destinations->all[i].topic, topic) == 0)
			return &destinations->all[i];
	}
	return NULL;
}

/* ---- offering --------------------------------------------------------------- */

bool destination_is_open(const struct destinations *destinations,
	const struct destination *destination, int64_t now_ms)
{
	if (destination->failures == 0 && destination->retry_ms == 0)
		return destination->in_flight < destinations->settings.in_flight;
	return destination->in_flight == 0 && now_ms >= destination->retry_ms;
}

static struct destination_aside *find_aside(struct destination *destination, int64_t row)
{
	for (unsigned i = 0; i < destination->n_aside; i++) {
		if (destination->aside[i].row == row)
			return &destination->aside[i];
	}
	return NULL;
}

void destination_offered(
	struct destinations *destinations, struct destination *destination, int64_t row)
{
	pthread_mutex_lock(&destinations->lock);
	struct destination_aside *aside = find_aside(destination, row);
	destination->in_flight++;
	if (aside != NULL) {
		aside->due_ms =
			clock_mono_ms() + (int64_t)destinations->settings.retry_aside_ms;
	} else {
		destination->after = row;
		destination->retry_ms = 0;
	}
	pthread_mutex_unlock(&destinations->lock);
}

void destination_taken_back(
	struct destinations *destinations, struct destination *destination, int64_t row)
{
	pthread_mutex_lock(&destinations->lock);
	struct destination_aside *aside = find_aside(destination, row);
	destination->in_flight--;
	if (aside != NULL)
		aside->due_ms = 0;
	else
		destination->after = row - 1;
	pthread_mutex_unlock(&destinations->lock);
}

/* ---- reports ---------------------------------------------------------------- */

/* A row from before the failure says nothing about now: only one that was offered since. */
static void is_well(struct destination *destination)
{
	if (destination->retry_ms != 0)
		return;
	backoff_reset(&destination->backoff);
	destination->failures = destination->stuck = 0;
	destination->failing_ns = 0;
	destination->reason[0] = '\0';
}

static void forget_aside(struct destination *destination, int64_t row)
{
	struct destination_aside *aside = find_aside(destination, row);

	if (aside == NULL)
		return;
	destination->n_aside--;
	for (; aside < &destination->aside[destination->n_aside]; aside++)
		aside[0] = aside[1];
}

void destination_delivered(
	struct destinations *destinations, struct destination *destination, int64_t row)
{
	pthread_mutex_lock(&destinations->lock);
	forget_aside(destination, row);
	destination->in_flight--;
	destination->sent++;
	destination->sent_ns = clock_wall_ns();
	is_well(destination);
	pthread_mutex_unlock(&destinations->lock);
}

void destination_refused(
	struct destinations *destinations, struct destination *destination, int64_t row)
{
	pthread_mutex_lock(&destinations->lock);
	forget_aside(destination, row);
	destination->in_flight--;
	destination->refused++;
	is_well(destination);
	pthread_mutex_unlock(&destinations->lock);
}

static void set_wait(struct destination *destination, uint64_t ms, const char *why)
{
	destination->retry_ms = clock_mono_ms() + (int64_t)ms;
	snprintf(destination->reason, sizeof(destination->reason), "%s", why);
	if (destination->failing_ns == 0)
		destination->failing_ns = clock_wall_ns();
}

/* Since it was tried alone, if it was. */
static bool is_stuck(struct destination *destination, int64_t row, bool by_itself)
{
	destination->stuck =
		by_itself && destination->stuck_row == row ? destination->stuck : 0;
	destination->stuck += by_itself;
	destination->stuck_row = row;
	return destination->stuck >= DESTINATION_TRIES &&
	       destination->n_aside < DESTINATION_ASIDE_MAX;
}

static void set_aside(struct destinations *destinations, struct destination *destination,
	int64_t row, const char *why)
{
	destination->aside[destination->n_aside++] = (struct destination_aside){
		.row = row,
		.due_ms = clock_mono_ms() + (int64_t)destinations->settings.retry_aside_ms,
		.since_ns = clock_wall_ns(),
	};
	snprintf(destination->aside_reason, sizeof(destination->aside_reason), "%s", why);
	destination->after = row;
	is_well(destination);
}

static enum destination_failure note_failure(struct destinations *destinations,
	struct destination *destination, int64_t row, bool by_itself, const char *why)
{
	if (find_aside(destination, row) != NULL)
		return DESTINATION_WAITS_ON;
	if (row <= destination->after)
		destination->after = row - 1;
	/* Of a window that fails as a whole, the first one counts. */
	if (destination->retry_ms != 0)
		return DESTINATION_WAITS_ON;
	destination->failures++;
	if (is_stuck(destination, row, by_itself)) {
		set_aside(destinations, destination, row, why);
		return DESTINATION_ROW_ASIDE;
	}
	set_wait(destination, backoff_next(&destination->backoff), why);
	return destination->failures == 1 ? DESTINATION_BEGINS_TO_WAIT : DESTINATION_WAITS_ON;
}

enum destination_failure destination_failed(struct destinations *destinations,
	struct destination *destination, int64_t row, bool by_itself, const char *why)
{
	pthread_mutex_lock(&destinations->lock);
	destination->in_flight--;
	enum destination_failure failure =
		note_failure(destinations, destination, row, by_itself, why);
	pthread_mutex_unlock(&destinations->lock);
	return failure;
}

void destination_wait(struct destinations *destinations, struct destination *destination,
	uint64_t ms, const char *why)
{
	pthread_mutex_lock(&destinations->lock);
	set_wait(destination, ms, why);
	pthread_mutex_unlock(&destinations->lock);
}

/* ---- rows that were set aside ----------------------------------------------- */

bool destination_is_aside(struct destination *destination, int64_t row)
{
	return find_aside(destination, row) != NULL;
}

int64_t destination_aside_due(const struct destinations *destinations,
	const struct destination *destination, int64_t now_ms)
{
	if (destination->failures > 0 ||
		!destination_is_open(destinations, destination, now_ms))
		return 0;
	for (unsigned i = 0; i < destination->n_aside; i++) {
		if (destination->aside[i].due_ms <= now_ms)
			return destination->aside[i].row;
	}
	return 0;
}

void destination_forget_aside(
	struct destinations *destinations, struct destination *destination, int64_t row)
{
	pthread_mutex_lock(&destinations->lock);
	forget_aside(destination, row);
	pthread_mutex_unlock(&destinations->lock);
}

void destination_pass(
	struct destinations *destinations, struct destination *destination, int64_t row)
{
	pthread_mutex_lock(&destinations->lock);
	destination->after = row;
	pthread_mutex_unlock(&destinations->lock);
}

/* ---- looking ---------------------------------------------------------------- */

int64_t destinations_next_ms(const struct destinations *destinations, int64_t now_ms)
{
	int64_t next_ms = INT64_MAX;

	for (unsigned i = 0; i < destinations->n; i++) {
		int64_t retry_ms = destinations->all[i].retry_ms;

		if (retry_ms > now_ms && retry_ms < next_ms)
			next_ms = retry_ms;
	}
	return next_ms;
}

void destinations_walk(struct destinations *destinations,
	void (*visit)(void *user, const struct destination *destination), void *user)
{
	struct destination all[DESTINATIONS_MAX];

	pthread_mutex_lock(&destinations->lock);
	const unsigned n = destinations->n;
	memcpy(all, destinations->all, n * sizeof(all[0]));
	pthread_mutex_unlock(&destinations->lock);
	for (unsigned i = 0; i < n; i++)
		visit(user, &all[i]);
}
