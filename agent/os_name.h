/* os_name - how the operating system calls itself: PRETTY_NAME of os-release */
#ifndef AGENT_OS_NAME_H
#define AGENT_OS_NAME_H

#include "common/slice.h"

enum { OS_NAME_MAX = 128 };

/* KEY=value of os-release(5), without its quotes. SLICE_NONE when it is not there. */
struct slice os_release_value(struct slice text, const char *key);

/* Fills and returns `out` of OS_NAME_MAX bytes; the kernel's name where there is no os-release.
 */
const char *os_name(char *out);

#endif
