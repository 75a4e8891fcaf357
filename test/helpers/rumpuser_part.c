/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rumpuser_part.c - a part of a pretended kernel, PART=low or high, as an object of its own
 */
#define PASTE2(a, b) a##b
#define PASTE(a, b)  PASTE2(a, b)
#define STRING2(a)   #a
#define STRING(a)    STRING2(a)
#define EXPORT	     __attribute__((__visibility__("default")))
#define IN_SET(name) __attribute__((__section__(name), __used__, __retain__))

struct named {
	const char *name;
};

static const struct named module_a = {STRING(PART) " module a"};
static const struct named module_b = {STRING(PART) " module b"};
static const struct named component = {STRING(PART) " component"};

static const struct named *const set_modules[] IN_SET("link_set_modules") = {&module_a, &module_b};
static const struct named *const set_component IN_SET("link_set_rump_components") = &component;

/* The linker makes these for sections that somebody refers to. */
extern const void *const __start_link_set_modules[];
extern const void *const __stop_link_set_modules[];
extern const void *const __start_link_set_rump_components[];
extern const void *const __stop_link_set_rump_components[];

EXPORT const void *const PASTE(PART, _limits)[] = {
	__start_link_set_modules,
	__stop_link_set_modules,
	__start_link_set_rump_components,
	__stop_link_set_rump_components,
};

EXPORT int PASTE(PART, _variable) = 17;
EXPORT int PASTE(PART, _function)(void);

#ifdef NEEDS
extern int PASTE(NEEDS, _function)(void);
#endif

/** PART_function() - Call the part this one needs */
int PASTE(PART, _function)(void)
{
#ifdef NEEDS
	return PASTE(NEEDS, _function)() + 1;
#else
	return 1;
#endif
}
