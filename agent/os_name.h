/* os_name - how the operating system calls itself: PRETTY_NAME of os-release */
#ifndef AGENT_OS_NAME_H
#define AGENT_OS_NAME_H

enum { OS_NAME_MAX = 128 };

/* Fills and returns `out` of OS_NAME_MAX bytes; the kernel's name where there is no os-release.
 */
const char *os_name(char *out);

#endif
