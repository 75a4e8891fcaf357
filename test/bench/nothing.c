/* SPDX-License-Identifier: BSD-2-Clause */
/* nothing.c - a program that does nothing, for start.c */
int main(void)
{
	return 0;
}
