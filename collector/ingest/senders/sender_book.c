#include "collector/ingest/senders/sender_book.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/counter.h"

enum { TELL_MS = 60000 };

static struct counter unknown = COUNTER("ingest.senders_unknown",
	"datagrams and connections of addresses that are no sender's; refused");

struct sender_book {
	pthread_mutex_t lock;
	struct sender_state *states;
	struct sender_agency *agencies;
	struct sender_stranger strangers[SENDER_STRANGERS_MAX];
	size_t n_strangers;
};

struct sender_book *sender_book_new(void)
{
	struct sender_book *book = calloc(1, sizeof(*book));

	if (book == NULL)
		abort();
	pthread_mutex_init(&book->lock, NULL);
	return book;
}

void sender_book_free(struct sender_book *book)
{
	if (book == NULL)
		return;
	while (book->states != NULL) {
		struct sender_state *state = book->states;

		book->states = state->next;
		free(state);
	}
	while (book->agencies != NULL) {
		struct sender_agency *agency = book->agencies;

		book->agencies = agency->next;
		free(agency);
	}
	pthread_mutex_destroy(&book->lock);
	free(book);
}

static struct sender_state *find(const struct sender_book *book, const char *name)
{
	struct sender_state *state = book->states;

	while (state != NULL && strcmp(state->name, name) != 0)
		state = state->next;
	return state;
}

static struct sender_state *add(struct sender_book *book, const char *name)
{
	struct sender_state *state = calloc(1, sizeof(*state));

	if (state == NULL)
		abort();
	snprintf(state->name, sizeof(state->name), "%s", name);
	state->next = book->states;
	book->states = state;
	return state;
}

struct sender_state *sender_book_state(struct sender_book *book, const char *name)
{
	pthread_mutex_lock(&book->lock);
	struct sender_state *state = find(book, name);
	if (state == NULL)
		state = add(book, name);
	pthread_mutex_unlock(&book->lock);
	return state;
}

static struct sender_agency *agency_at(struct sender_book *book, uint32_t number)
{
	struct sender_agency *agency = book->agencies;

	while (agency != NULL && agency->number != number)
		agency = agency->next;
	if (agency != NULL)
		return agency;
	agency = calloc(1, sizeof(*agency));
	if (agency == NULL)
		abort();
	agency->number = number;
	agency->next = book->agencies;
	book->agencies = agency;
	return agency;
}

struct sender_agency *sender_book_agency(struct sender_book *book, uint32_t number)
{
	pthread_mutex_lock(&book->lock);
	struct sender_agency *agency = agency_at(book, number);
	pthread_mutex_unlock(&book->lock);
	return agency;
}

static struct sender_stranger *find_stranger(
	struct sender_book *book, const struct netaddr *address, const char *listener)
{
	for (size_t i = 0; i < book->n_strangers; i++) {
		struct sender_stranger *stranger = &book->strangers[i];

		if (netaddr_eq(&stranger->address, address) &&
			strcmp(stranger->listener, listener) == 0)
			return stranger;
	}
	return NULL;
}

/* NULL when there is no room for a new one. */
static struct sender_stranger *stranger_at(struct sender_book *book,
	const struct netaddr *address, const char *listener, bool *is_new)
{
	struct sender_stranger *stranger = find_stranger(book, address, listener);

	*is_new = stranger == NULL && book->n_strangers < SENDER_STRANGERS_MAX;
	if (*is_new) {
		stranger = &book->strangers[book->n_strangers++];
		*stranger = (struct sender_stranger){
			.address = *address, .since_ns = clock_wall_ns()};
		snprintf(stranger->listener, sizeof(stranger->listener), "%s", listener);
	}
	return stranger;
}

bool sender_may_tell(atomic_int_fast64_t *told_ms)
{
	const int64_t now_ms = clock_mono_ms();
	int_fast64_t told = atomic_load(told_ms);

	return (told == 0 || now_ms - told >= TELL_MS) &&
	       atomic_compare_exchange_strong(told_ms, &told, now_ms);
}

bool sender_book_stranger(
	struct sender_book *book, const struct netaddr *address, const char *listener)
{
	bool is_new;

	counter_add(&unknown, 1);
	pthread_mutex_lock(&book->lock);
	struct sender_stranger *stranger = stranger_at(book, address, listener, &is_new);
	if (stranger != NULL) {
		stranger->times++;
		stranger->heard_ns = clock_wall_ns();
	}
	pthread_mutex_unlock(&book->lock);
	return is_new;
}

size_t sender_book_strangers(
	struct sender_book *book, struct sender_stranger out[SENDER_STRANGERS_MAX])
{
	pthread_mutex_lock(&book->lock);
	const size_t n = book->n_strangers;
	memcpy(out, book->strangers, n * sizeof(out[0]));
	pthread_mutex_unlock(&book->lock);
	return n;
}
