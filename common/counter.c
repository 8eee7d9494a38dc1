#include "common/counter.h"

#include <pthread.h>
#include <stddef.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct counter *first;
static struct counter **end = &first;

void counter_register(struct counter *counter)
{
	pthread_mutex_lock(&lock);
	if (!atomic_load(&counter->known)) {
		*end = counter;
		end = &counter->next;
		atomic_store(&counter->known, true);
	}
	pthread_mutex_unlock(&lock);
}

void counter_walk(void (*visit)(void *user, const struct counter *counter), void *user)
{
	pthread_mutex_lock(&lock);
	for (struct counter *counter = first; counter != NULL; counter = counter->next)
		visit(user, counter);
	pthread_mutex_unlock(&lock);
}
