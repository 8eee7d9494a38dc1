#include "collector/ingest/exporters/held.h"

#include <stdlib.h>

#include "collector/ingest/exporters/exporters_inner.h"
#include "collector/ingest/exporters/lines.h"
#include "collector/ingest/exporters/templates.h"
#include "common/counter.h"

enum { SETS_MAX = 256 /* of an exporter: looked through for each new template */ };

static struct counter waited = COUNTER(
	"ingest.flow_sets_waited", "sets of flow records that came before their template");
static struct counter given_up = COUNTER("ingest.flow_sets_unreadable",
	"sets of flow records whose template did not come; stored as bytes");

struct held_set {
	struct held_set *next;
	struct held_set *earlier, *later; /* of the owner */
	struct export_head head;
	uint16_t id;
	size_t len;
	char bytes[];
};

static size_t size_of(const struct held_set *set)
{
	return sizeof(*set) + set->len;
}

static void join(struct export_owner *owner, struct held_set *set)
{
	set->later = NULL;
	set->earlier = owner->last_held;
	if (owner->last_held != NULL)
		owner->last_held->later = set;
	else
		owner->first_held = set;
	owner->last_held = set;
	owner->held_size += size_of(set);
}

static void leave(struct export_owner *owner, struct held_set *set)
{
	if (set->earlier != NULL)
		set->earlier->later = set->later;
	else
		owner->first_held = set->later;
	if (set->later != NULL)
		set->later->earlier = set->earlier;
	else
		owner->last_held = set->earlier;
	owner->held_size -= size_of(set);
}

void held_join(const struct held *held, struct export_owner *owner)
{
	for (struct held_set *set = held->first; set != NULL; set = set->next)
		join(owner, set);
}

void held_leave(const struct held *held, struct export_owner *owner)
{
	for (struct held_set *set = held->first; set != NULL; set = set->next)
		leave(owner, set);
}

/* Takes out the one behind `before`, or the first. */
static struct held_set *take(
	struct exporters *exporters, struct held *held, struct held_set *before)
{
	struct held_set *set = before != NULL ? before->next : held->first;

	if (before != NULL)
		before->next = set->next;
	else
		held->first = set->next;
	if (held->last == set)
		held->last = before;
	held->size -= size_of(set);
	held->n--;
	leave(set->head.domain->exporter->owner, set);
	exporters->held_size -= size_of(set);
	return set;
}

static void give_up(struct held_set *set)
{
	counter_add(&given_up, 1);
	line_damaged(&set->head, LINE_NO_TEMPLATE, set->id, slice_of(set->bytes, set->len));
	free(set);
}

/* The owner's first is the first of its exporter as well. */
static void give_up_first(struct exporters *exporters, struct export_owner *owner)
{
	give_up(take(exporters, &owner->first_held->head.domain->exporter->held, NULL));
}

static struct export_owner *who_has_most(const struct exporters *exporters)
{
	struct export_owner *most = exporters->owners;

	for (struct export_owner *owner = most; owner != NULL; owner = owner->next) {
		if (owner->held_size > most->held_size)
			most = owner;
	}
	return most;
}

static bool is_full(const struct held *held, size_t size)
{
	return held->n == SETS_MAX || held->size + size > EXPORTER_HELD_SIZE;
}

static void make_room(struct exporters *exporters, struct held *held, size_t size)
{
	while (held->n > 0 && is_full(held, size))
		give_up(take(exporters, held, NULL));
	while (exporters->held_size > 0 && exporters->held_size + size > EXPORTERS_HELD_SIZE)
		give_up_first(exporters, who_has_most(exporters));
}

void held_put(const struct export_head *head, uint16_t id, struct slice bytes)
{
	struct exporters *exporters = head->exporters;
	struct held *held = &head->domain->exporter->held;
	struct held_set *set = malloc(sizeof(*set) + bytes.len);

	if (set == NULL)
		abort();
	counter_add(&waited, 1);
	set->next = NULL;
	set->head = *head;
	set->id = id;
	set->len = bytes.len;
	memcpy(set->bytes, bytes.ptr, bytes.len);
	make_room(exporters, held, size_of(set));
	if (held->last != NULL)
		held->last->next = set;
	else
		held->first = set;
	held->last = set;
	held->size += size_of(set);
	held->n++;
	join(head->domain->exporter->owner, set);
	exporters->held_size += size_of(set);
}

void held_read(const struct export_head *head, const struct export_template *template)
{
	struct exporters *exporters = head->exporters;
	struct held *held = &head->domain->exporter->held;
	struct held_set *before = NULL;

	for (struct held_set *set = held->first; set != NULL;) {
		struct held_set *next = set->next;

		if (set->head.domain == head->domain && set->id == template->id) {
			set = take(exporters, held, before);
			(void)records_read(
				&set->head, template, slice_of(set->bytes, set->len));
			free(set);
		} else {
			before = set;
		}
		set = next;
	}
}

void held_give_up(struct exporters *exporters, struct export_owner *owner, int64_t before_ms)
{
	while (owner->first_held != NULL && owner->first_held->head.now_ms <= before_ms)
		give_up_first(exporters, owner);
}

void held_give_up_domain(struct exporters *exporters, struct export_domain *domain)
{
	struct held *held = &domain->exporter->held;
	struct held_set *before = NULL;

	for (struct held_set *set = held->first; set != NULL;) {
		struct held_set *next = set->next;

		if (set->head.domain == domain)
			give_up(take(exporters, held, before));
		else
			before = set;
		set = next;
	}
}
