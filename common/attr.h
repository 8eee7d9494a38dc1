/* Compiler promises used in public headers. */
#ifndef COMMON_ATTR_H
#define COMMON_ATTR_H

#define MUST_USE          __attribute__((warn_unused_result))
#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))
#define CLEANUP(func)     __attribute__((cleanup(func)))
#define NO_RETURN         __attribute__((noreturn))
#define ARRAY_LEN(array)  (sizeof(array) / sizeof((array)[0]))

#endif
