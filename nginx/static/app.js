/* SPDX-License-Identifier: MIT */
/*
 * Small conveniences. Every page is complete without this file: the server checks and
 * decides everything, and what is narrowed here is only what is shown.
 */
"use strict";

/* Keep only the groups of a select that belong to key; "" keeps all of them. */
function narrow(select, groups, belongs) {
	const value = select.value;

	for (const group of groups)
		group.remove();
	for (const group of groups)
		if (belongs(group))
			select.append(group);
	select.value = value;
	if (select.selectedIndex < 0)
		select.value = "";
}

/* The districts of one province, the chiefdoms of one district; and the chiefdom that the
 * record has, in whichever district it lies, as long as that of the record is chosen. */
function narrowPlaces() {
	const box = document.getElementById("province-filter");
	const district = document.getElementById("district_code");
	const chiefdom = document.getElementById("chiefdom_code");

	if (!box || !district || !chiefdom)
		return;
	const province = box.querySelector("select");
	const districts = [...district.querySelectorAll("optgroup")];
	const chiefdoms = [...chiefdom.querySelectorAll("optgroup")];
	const own = chiefdom.querySelector("option[selected]"), began = district.value;
	const showChiefdoms = () => narrow(chiefdom, chiefdoms,
	    group => !district.value || group.dataset.key === district.value ||
	        (district.value === began && group.contains(own)));

	for (const group of districts)
		province.add(new Option(group.label, group.label));
	province.addEventListener("change", () => {
		narrow(district, districts,
		    group => !province.value || group.label === province.value);
		showChiefdoms();
	});
	district.addEventListener("change", showChiefdoms);
	showChiefdoms();
	box.hidden = false;
}

/* Where the browser can read QR codes: a photo of the card instead of pasted text. */
async function readCodeFromPhotos() {
	const box = document.getElementById("qr-photo");

	if (!box || !("BarcodeDetector" in window))
		return;
	if (!(await BarcodeDetector.getSupportedFormats()).includes("qr_code"))
		return;
	const file = document.getElementById("qr-file");
	const fault = document.getElementById("qr-file-fault");
	const detector = new BarcodeDetector({ formats: ["qr_code"] });

	file.addEventListener("change", async () => {
		let codes = [];

		fault.hidden = true;
		try {
			codes = await detector.detect(await createImageBitmap(file.files[0]));
		} catch (error) {
			codes = []; /* not a picture: the same words help */
		}
		if (codes.length === 0) {
			fault.hidden = false;
			return;
		}
		document.getElementById("qr").value = codes[0].rawValue;
		document.getElementById("verify-form").requestSubmit();
	});
	box.hidden = false;
}

/* A second press of a button while the first is on its way would post twice. */
function postOnce() {
	for (const form of document.querySelectorAll('form[method="post"]'))
		form.addEventListener("submit", () => {
			for (const button of form.querySelectorAll("button"))
				button.disabled = true;
		});
	window.addEventListener("pageshow", () => {
		for (const button of document.querySelectorAll("button:disabled"))
			button.disabled = false;
	});
}

narrowPlaces();
readCodeFromPhotos();
postOnce();
