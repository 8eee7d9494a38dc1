#include "agent/inputs/journal_guard.h"

#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

static volatile sig_atomic_t inside, missing;
static uintptr_t page_size;
static struct sigaction before;

static void on_bus_error(int number, siginfo_t *info, void *context)
{
	uintptr_t page = (uintptr_t)info->si_addr & ~(page_size - 1);

	(void)context;
	if (inside && info->si_code == BUS_ADRERR &&
		mmap((void *)page, page_size, PROT_READ,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED) {
		missing = 1;
		return;
	}
	/* The instruction is tried again and finds the handler that was there before us. */
	(void)sigaction(number, &before, NULL);
}

void journal_guard_enter(void)
{
	struct sigaction action = {.sa_sigaction = on_bus_error, .sa_flags = SA_SIGINFO};

	page_size = (uintptr_t)sysconf(_SC_PAGESIZE);
	(void)sigaction(SIGBUS, &action, &before);
	inside = 1;
}

bool journal_guard_missing(void)
{
	return missing != 0;
}

bool journal_guard_leave(void)
{
	bool was_missing = missing != 0;

	inside = 0;
	missing = 0;
	(void)sigaction(SIGBUS, &before, NULL);
	return was_missing;
}
