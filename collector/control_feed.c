#include <stdio.h>

#include "collector/control_answers.h"
#include "collector/derive/outbox.h"
#include "collector/forward/destinations.h"
#include "collector/national/message.h"
#include "common/clock.h"

enum { HELD_SHOWN_MAX = 32 };

static bool put_held(void *user, const struct outbox_held *held)
{
	struct json *json = user;

	json_object(json);
	json_put_text(json, "type", held->type);
	json_put_text(json, "item", held->item);
	json_put_time(json, "since", held->since_ns, 3);
	json_put_u64(json, "tries", held->tries);
	json_put_time(json, "retry", held->retry_ns, 3);
	json_put_text(json, "reason", held->reason);
	json_object_end(json);
	return true;
}

struct waiting {
	char type[DESTINATION_TYPE_MAX];
	uint64_t n;
	int64_t oldest_ns;
};

/* What waits, type by type, and what goes out of the queue. */
struct feed {
	struct json *json;
	struct waiting waiting[DESTINATIONS_MAX];
	unsigned n;
	struct waiting all;
};

static bool add_waiting(void *user, const struct outbox_waiting *waiting)
{
	struct feed *feed = user;
	struct waiting *all = &feed->all;

	all->n += waiting->n;
	if (all->oldest_ns == 0 || waiting->oldest_ns < all->oldest_ns)
		all->oldest_ns = waiting->oldest_ns;
	if (feed->n < DESTINATIONS_MAX) {
		struct waiting *own = &feed->waiting[feed->n++];

		snprintf(own->type, sizeof(own->type), "%.*s", SLICE_FMT(waiting->type));
		own->n = waiting->n;
		own->oldest_ns = waiting->oldest_ns;
	}
	return true;
}

static struct waiting waiting_of(const struct feed *feed, const char *type)
{
	for (unsigned i = 0; i < feed->n; i++) {
		if (strcmp(feed->waiting[i].type, type) == 0)
			return feed->waiting[i];
	}
	return (struct waiting){.n = 0};
}

static int64_t wall_of(int64_t mono_ms)
{
	return clock_wall_ns() + (mono_ms - clock_mono_ms()) * CLOCK_NS_PER_MS;
}

/* Rows that wait by themselves, while those behind them go. */
static void put_aside(struct json *json, const struct destination *destination)
{
	const struct destination_aside *aside = destination->aside;
	int64_t due_ms = INT64_MAX;

	json_put_u64(json, "aside", destination->n_aside);
	if (destination->n_aside == 0)
		return;
	for (unsigned i = 0; i < destination->n_aside; i++)
		due_ms = aside[i].due_ms < due_ms ? aside[i].due_ms : due_ms;
	json_put_i64(json, "aside_row", aside[0].row);
	json_put_time(json, "aside_since", aside[0].since_ns, 3);
	json_put_time(json, "aside_retry", wall_of(due_ms), 3);
	json_put_str(json, "aside_reason", destination->aside_reason);
}

static void put_destination(void *user, const struct destination *destination)
{
	const struct feed *feed = user;
	const struct waiting waiting = waiting_of(feed, destination->type);
	const bool waits = destination->retry_ms != 0;
	struct json *json = feed->json;

	json_object(json);
	json_put_str(json, "type", destination->type);
	json_put_str(json, "topic", destination->topic);
	json_put_str(json, "state",
		waits                   ? "waits"
		: destination->failures ? "tries"
					: "sends");
	json_put_u64(json, "waiting", waiting.n);
	json_put_time(json, "oldest_waiting", waiting.oldest_ns, 3);
	json_put_u64(json, "in_flight", destination->in_flight);
	json_put_u64(json, "sent", destination->sent);
	json_put_time(json, "last_sent", destination->sent_ns, 3);
	json_put_u64(json, "refused", destination->refused);
	json_put_u64(json, "failures", destination->failures);
	json_put_time(json, "failing_since", destination->failing_ns, 3);
	json_put_time(json, "retry", waits ? wall_of(destination->retry_ms) : 0, 3);
	json_put_str(json, "reason", destination->reason[0] ? destination->reason : NULL);
	put_aside(json, destination);
	json_object_end(json);
}

static void put_topics(struct feed *feed, struct forward *forward)
{
	json_key(feed->json, SLICE_LIT("topics"));
	json_array(feed->json);
	destinations_walk(forward_destinations(forward), put_destination, feed);
	json_array_end(feed->json);
}

static bool gather_waiting(struct feed *feed, const char *derive_dir, struct err *err)
{
	struct outbox_reader *reader = outbox_reader_open(derive_dir, err);
	bool done = reader != NULL && outbox_reader_waiting(reader, add_waiting, feed, err);

	outbox_reader_close(reader);
	return done;
}

static bool put_outbox(struct json *json, struct outbox_reader *reader, struct forward *forward,
	struct err *err)
{
	struct feed feed = {.json = json};
	uint64_t left_out = 0;

	if (!outbox_reader_waiting(reader, add_waiting, &feed, err) ||
		!outbox_reader_mark(reader, MESSAGE_MARK_LEFT_OUT, &left_out, err))
		return false;
	json_put_u64(json, "waiting", feed.all.n);
	json_put_time(json, "oldest_waiting", feed.all.oldest_ns, 3);
	json_put_u64(json, "unreportable", left_out);
	put_topics(&feed, forward);
	json_key(json, SLICE_LIT("held"));
	json_array(json);
	bool done = outbox_reader_held(reader, HELD_SHOWN_MAX, put_held, json, err);
	json_array_end(json);
	return done;
}

/* Over a connection of its own: derive's thread has the other one. */
void control_put_national(struct json *json, const struct control_view *view)
{
	struct err err;
	struct outbox_reader *reader = outbox_reader_open(view->derive_dir, &err);

	json_key(json, SLICE_LIT("national"));
	json_object(json);
	if (reader == NULL || !put_outbox(json, reader, view->forward, &err))
		json_put_str(json, "error", err.text);
	json_object_end(json);
	outbox_reader_close(reader);
}

void control_feed(const struct control_view *view, struct slice words, struct json *json)
{
	struct feed feed = {.json = json};
	struct err err;

	(void)words;
	if (gather_waiting(&feed, view->derive_dir, &err))
		put_topics(&feed, view->forward);
	else
		json_put_str(json, "error", err.text);
}
