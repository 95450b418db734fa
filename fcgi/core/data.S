/* SPDX-License-Identifier: MIT */
/* Files that are inside the program: the country's places (core/place.c). */
	.section .rodata
	.global data_provinces, data_provinces_end
	.global data_districts, data_districts_end
	.global data_chiefdoms, data_chiefdoms_end
data_provinces:		.incbin "sql/data/provinces.csv"
data_provinces_end:	.byte 0
data_districts:		.incbin "sql/data/districts.csv"
data_districts_end:	.byte 0
data_chiefdoms:		.incbin "sql/data/chiefdoms.csv"
data_chiefdoms_end:	.byte 0
	.global data_ethnic_groups, data_ethnic_groups_end
data_ethnic_groups:	.incbin "sql/data/ethnic_groups.csv"
data_ethnic_groups_end:	.byte 0
	.section .note.GNU-stack, "", @progbits
