/* SPDX-License-Identifier: MIT */
/* The card's two faces, Open Sans, taken from Debian's package fonts-open-sans while
 * building and kept inside the program: a server needs no fonts installed.
 * They can be written to: hints.c does. */
	.section .data
	.balign 16
	.globl font_regular, font_regular_end, font_bold, font_bold_end
font_regular:
	.incbin "/usr/share/fonts/truetype/open-sans/OpenSans-Regular.ttf"
font_regular_end:
	.balign 16
font_bold:
	.incbin "/usr/share/fonts/truetype/open-sans/OpenSans-Bold.ttf"
font_bold_end:
	.section .note.GNU-stack, "", @progbits
