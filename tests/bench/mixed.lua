-- SPDX-License-Identifier: MIT
-- Mixed requests for wrk: mostly reading, some registrations, cards, photos, and a
-- sign-in now and then. Arguments: the number that the NRCs of this run begin with, the
-- file with farmer ids, a photo.

local farmers, photo, run, n = {}, "", 0, 0	-- n registrations so far

function init(args)
	run = tonumber(args[1])
	for line in io.lines(args[2]) do
		farmers[#farmers + 1] = line
	end
	local f = assert(io.open(args[3], "rb"))
	photo = f:read("*a")
	f:close()
	math.randomseed(run + 1)
end

local function with(kind)
	local headers = { ["Content-Type"] = kind }
	for name, value in pairs(wrk.headers) do
		headers[name] = value
	end
	return headers
end

local function register()
	n = n + 1
	local body = string.format('{"personal_info":{"first_name":"Mary",' ..
	    '"last_name":"Load %d","phone_primary":"+260970%06d","nrc":"%06d/%02d/%d",' ..
	    '"date_of_birth":"1990-01-15","gender":"Female"},"address":{' ..
	    '"province_code":"CP","province_name":"Central Province",' ..
	    '"district_code":"CP01","district_name":"Chibombo District",' ..
	    '"chiefdom_code":"CP01-001","chiefdom_name":"Chief Chitanda",' ..
	    '"village":"Kayosha"},"farm_info":{"farm_size_hectares":2.5,' ..
	    '"crops_grown":["maize","groundnuts"],"livestock_types":["goats"],' ..
	    '"has_irrigation":true,"years_farming":7}}', n, n,
	    run + math.floor(n / 900), math.floor(n / 9) % 100, n % 9 + 1)
	return wrk.format("POST", "/api/farmers", with("application/json"), body)
end

local function upload(farmer)
	local edge = "edge0of0a0part"
	local body = "--" .. edge .. '\r\nContent-Disposition: form-data; name="file"; ' ..
	    'filename="photo.jpg"\r\nContent-Type: image/jpeg\r\n\r\n' .. photo ..
	    "\r\n--" .. edge .. "--\r\n"
	return wrk.format("POST", "/api/farmers/" .. farmer .. "/upload-photo",
	    with("multipart/form-data; boundary=" .. edge), body)
end

local function sign_in()
	return wrk.format("POST", "/api/auth/login", with("application/json"),
	    '{"email":"root@cem.example","password":"First-Passw0rd"}')
end

function request()
	local dice = math.random(1000)
	local farmer = farmers[math.random(#farmers)]

	if dice <= 200 then
		return wrk.format("GET", "/api/health")
	elseif dice <= 620 then
		return wrk.format("GET", "/api/farmers/" .. farmer)
	elseif dice <= 770 then
		return wrk.format("GET", "/api/farmers?limit=20&skip=" .. math.random(0, 200))
	elseif dice <= 870 then
		return wrk.format("GET", "/api/farmers?limit=20&search=mwa")
	elseif dice <= 900 then
		return wrk.format("GET", "/api/geo/districts")
	elseif dice <= 920 then
		return wrk.format("GET", "/api/auth/me")
	elseif dice <= 970 then
		return register()
	elseif dice <= 988 then
		return wrk.format("POST", "/api/farmers/" .. farmer .. "/generate-idcard")
	elseif dice <= 997 then
		return upload(farmer)
	end
	return sign_in()
end
