-- What a viewer may see of farmers. A viewer of zeros sees nothing.

-- fragment: viewer_districts()
-- An operator's districts.
(SELECT d.district_name
   FROM account_district AS d
  WHERE d.account_id = :viewer_account_id);

-- fragment: scope(f)
-- Is f a farmer that the viewer may see: of all, of his districts, or himself?
(:viewer_all OR f.farmer_id = :viewer_farmer_id
 OR f.district_name IN :viewer_districts());

-- fragment: district_scope(place)
-- The same of a district, in lists and figures, which a farmer gets none of.
(:viewer_all OR place IN :viewer_districts());
