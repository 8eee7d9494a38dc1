/*
 * capabilities - what of root's power a process holds (capabilities(7))
 *
 * A set is a bit per CAP_* number. Sets are of the calling thread, and of what it starts from
 * then on: change them before the first thread.
 */
#ifndef COMMON_CAPABILITIES_H
#define COMMON_CAPABILITIES_H

#include <linux/capability.h>
#include <stdbool.h>
#include <stdint.h>

#define CAPABILITY(number) (UINT64_C(1) << (number))

/* What this thread is permitted. */
uint64_t capabilities_held(void);

/* Permitted and effective become `held`; a program started later has `passed` of it, whatever
 * its user (ambient; kernel 4.3). False with errno, as when `held` is more than there was. */
bool capabilities_hold(uint64_t held, uint64_t passed);

/* No program started later can have more than `most`, not even one of root's. False without
 * CAP_SETPCAP. */
bool capabilities_bound(uint64_t most);

#endif
