/* SPDX-License-Identifier: Apache-2.0 */

/* What every application in C has. */

int main(void)
{
	return 0;
}
